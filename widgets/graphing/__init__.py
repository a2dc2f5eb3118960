"""The parts of the graph room: the inspector of a node, the comparison, facts as words."""
